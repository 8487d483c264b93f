"""Model families and imbalance strategies side by side, on the same folds."""
