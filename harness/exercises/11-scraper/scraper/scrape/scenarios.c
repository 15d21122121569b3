#include "scenario.h"

SCENARIO(nothing, "nothing") {
    emit("main", "x");
}
