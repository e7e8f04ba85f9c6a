"""What several tests share: servers, nights, models, the ECS stand-in. No tests."""
