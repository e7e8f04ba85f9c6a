"""The executor of production: it launches, watches and stops one ECS task for each step."""
