"""The experiment of 2012 (Pons 2018): published figures, their reproduction, a simulation."""
