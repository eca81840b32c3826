"""Words of the domain - values, errors, clock, settings - for every other room."""
