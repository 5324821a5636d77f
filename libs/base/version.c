#include "base/version.h"

const char parley_version[] = PARLEY_VERSION;
