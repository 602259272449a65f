"""What nbgrader needs to know of the labs; copy it into the folder of your course."""

c = get_config()  # noqa: F821 - nbgrader reads this file with get_config defined

c.CourseDirectory.course_id = "autoencoders"
# Without ClearSolutions: the notebooks hold stubs, so that there is nothing to clear.
c.GenerateAssignment.preprocessors = [
    f"nbgrader.preprocessors.{name}"
    for name in (
        "IncludeHeaderFooter",
        "LockCells",
        "ClearOutput",
        "CheckCellMetadata",
        "ComputeChecksums",
        "SaveCells",
    )
]
c.Execute.timeout = 300  # seconds a cell; the checks stop sooner by themselves
