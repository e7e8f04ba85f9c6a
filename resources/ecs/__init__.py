"""The executor of production: one ECS task a step, launched, watched and stopped."""
