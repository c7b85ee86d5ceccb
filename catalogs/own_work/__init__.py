"""What accelerators do on a model of one's own: a roofline, calibrated on rates that were measured of other models."""
