"""What past elections say of a bureau: rates, expectations, backtests."""
