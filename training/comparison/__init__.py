"""Model families and imbalance strategies side by side: the same folds, the same draws, one table."""
