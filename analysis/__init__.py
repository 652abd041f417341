"""Analyses for electoral field campaigns; knows nothing of Streamlit."""

__version__ = "0.1.0"
