"""One module per family of models, and the parts they share: seasons, columns, ridge regression."""
