#pragma once

/// headformer follows Semantic Versioning 2.0 (https://semver.org). The build reads the version from these three lines.
#define HEADFORMER_VERSION_MAJOR 0
#define HEADFORMER_VERSION_MINOR 1
#define HEADFORMER_VERSION_PATCH 0

/// One number to compare with: major * 10000 + minor * 100 + patch.
#define HEADFORMER_VERSION \
  (HEADFORMER_VERSION_MAJOR * 10000 + HEADFORMER_VERSION_MINOR * 100 + HEADFORMER_VERSION_PATCH)
