"""Great Expectations at both borders of the warehouse: what comes in, and what goes out."""
