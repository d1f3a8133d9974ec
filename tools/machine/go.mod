module slipway/tools/machine

go 1.26.0
