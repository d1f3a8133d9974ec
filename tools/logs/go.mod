module slipway/tools/logs

go 1.26.0
