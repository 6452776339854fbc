"""The platform as Pulumi components, one folder per component and technology."""
