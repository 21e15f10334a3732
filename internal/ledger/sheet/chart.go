package sheet

import "google.golang.org/api/sheets/v4"

// charts are made once; after that they are people's, who may change or delete them.
func charts(tab int64) []*sheets.Request {
	return []*sheets.Request{
		barChart(tab, "Open orders by diagnosis", 3, diagnosisRows, 2),
		barChart(tab, "Open orders by agent", 6, agentRows, 22),
	}
}

// barChart draws a section of the dashboard, right of all of them.
func barChart(tab int64, title string, left, height, row int) *sheets.Request {
	source := func(column int) *sheets.ChartData {
		return &sheets.ChartData{SourceRange: &sheets.ChartSourceRange{Sources: []*sheets.GridRange{
			area{tab: tab, bottom: height, left: column, right: column + 1}.grid(),
		}}}
	}
	return &sheets.Request{AddChart: &sheets.AddChartRequest{Chart: &sheets.EmbeddedChart{
		Spec: &sheets.ChartSpec{Title: title, BasicChart: &sheets.BasicChartSpec{
			ChartType: "BAR", LegendPosition: "NO_LEGEND", HeaderCount: 1,
			Domains: []*sheets.BasicChartDomain{{Domain: source(left)}},
			Series:  []*sheets.BasicChartSeries{{Series: source(left + 1), TargetAxis: "BOTTOM_AXIS"}},
		}},
		Position: &sheets.EmbeddedObjectPosition{OverlayPosition: &sheets.OverlayPosition{
			AnchorCell: &sheets.GridCoordinate{SheetId: tab, RowIndex: int64(row), ColumnIndex: 9, ForceSendFields: []string{"SheetId"}},
		}},
	}}}
}
