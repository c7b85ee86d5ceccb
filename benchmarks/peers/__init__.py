"""The plain model, as a user of each modelling library would write it first."""
