#include "exchange/exchange.h"

#include "exchange/ports.h"

namespace bastide::exchange {

Exchange::Exchange() = default;
Exchange::~Exchange() = default;

}  // namespace bastide::exchange
