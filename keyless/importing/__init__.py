"""Coming from what is there: what `az` and Terraform print, as entries of an environment."""
