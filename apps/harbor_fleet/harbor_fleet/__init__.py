"""Harbor Fleet: a week of daily demand for every depot, by a small GRU on jib."""
