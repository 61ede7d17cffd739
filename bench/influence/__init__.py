"""Does influence beat random? Planted worlds whose answer is known, our scores beside others', and tests over seeds."""
