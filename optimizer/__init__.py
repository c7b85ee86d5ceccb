"""From a scenario and a catalogue to a proven plan."""
