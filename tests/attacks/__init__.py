"""What hostile commands try, against every sandbox that this machine offers."""
