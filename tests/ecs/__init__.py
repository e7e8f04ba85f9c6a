"""Tests of the ECS executor and of what is deployed, against a stand-in for the ECS API."""
