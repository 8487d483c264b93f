"""The promotion gate: coded checks of a challenger against the champion of its stage."""
