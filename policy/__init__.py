"""The policy pack: rules that must never break, whoever wrote the change."""
