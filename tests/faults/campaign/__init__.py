"""What Argent survives: one module for each kind of fault; see `fault.Fault`."""
