"""The sandbox over HTTP: SandboxFusion's API, its server and its limits."""
