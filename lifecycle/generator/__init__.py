"""The sample company: a stochastic model of customers, written as raw tables."""
