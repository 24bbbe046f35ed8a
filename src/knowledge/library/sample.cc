#include "knowledge/library/impl.h"
