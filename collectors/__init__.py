"""Where data comes from: one package per cloud, one for exported bills, one for the built-in sample."""
