"""How fast it is: one command each, ratios measured side by side in one run. See README.md."""
