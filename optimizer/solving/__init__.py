"""From a model to a solution that holds, with a bound in exact arithmetic that trusts no solver."""
