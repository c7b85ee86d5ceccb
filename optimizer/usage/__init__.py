"""Usage traces as schedules of demand: what a file of samples says of the peak and the mean of each period."""
