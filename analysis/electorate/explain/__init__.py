"""What goes with abstention and with swing, by bureau: models an analyst reads, from statsmodels.

`formula_terms` reads a formula, `regression` fits it, `typical_effects` says what it means in
points, `model_comparison` sets models side by side, `spatial_dependence` looks at neighbours.
"""
