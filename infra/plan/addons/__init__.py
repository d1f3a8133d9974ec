"""Plans of the add-ons: which objects each one is, with the environment's values in them."""
