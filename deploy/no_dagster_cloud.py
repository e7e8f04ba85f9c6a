"""What an image that was built without Dagster+'s package has in its place; see the Dockerfile.

Code servers, coordinators and steps of Dagster+ load `dagster_cloud.instance` before any code of the project.
"""

raise ImportError(
    "Dagster+ asks for the package dagster-cloud, and this image was built from requirements/run.txt, which lacks it. "
    "Build it from requirements/plus.txt: docker build --build-arg PACKAGES=plus (docs/ecs.md, Dagster+ Hybrid)."
)
