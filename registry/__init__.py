"""From a registered version to a Bento: promote, import Staging, build."""
