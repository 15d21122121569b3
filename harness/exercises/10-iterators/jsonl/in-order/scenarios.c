#include "scenario.h"

SCENARIO(nothing, "nothing") {
}
