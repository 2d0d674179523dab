"""The short trials behind the recipe: what each one changes, and how it is run."""
