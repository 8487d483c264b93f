"""The table engines that compute history features; each runs the same narwhals expressions."""
