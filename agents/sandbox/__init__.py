"""Where commands run that a model asks for: bounded, and unable to reach anything else."""
