"""Where the hub keeps what it knows: tables, one repository per thing, migrations. Holds no rule of the business."""
