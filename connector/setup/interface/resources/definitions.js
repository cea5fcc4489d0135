// Written by: python -m connector definitions. Do not change it by hand.
var Spotler = Spotler || {};
Spotler.definitions = {
  "job": {
    "table": "dh_spotlerjob",
    "operation": "dh_operation",
    "customer": "dh_customerid",
    "lead": "dh_leadid",
    "automation": "dh_spotlerautomationid",
    "automationFields": "dh_automationfields",
    "status": "statuscode",
    "state": "statecode",
    "queued": 1,
    "queuedState": 0,
    "failed": 100000002
  },
  "automation": {
    "table": "dh_spotlerautomation",
    "fields": "dh_fields"
  },
  "records": {
    "contact": {
      "set": "contacts",
      "navigation": "dh_CustomerId_contact",
      "operation": 100000000
    },
    "account": {
      "set": "accounts",
      "navigation": "dh_CustomerId_account",
      "operation": 100000000
    },
    "lead": {
      "set": "leads",
      "navigation": "dh_LeadId",
      "operation": 100000000
    },
    "list": {
      "set": "lists",
      "navigation": "dh_ListId",
      "operation": 100000001
    }
  },
  "operations": {
    "100000000": {
      "record": "required",
      "required": [],
      "optional": []
    },
    "100000001": {
      "record": "none",
      "required": [
        "dh_listid"
      ],
      "optional": []
    },
    "100000002": {
      "record": "none",
      "required": [
        "dh_listid"
      ],
      "optional": []
    },
    "100000003": {
      "record": "optional",
      "required": [
        "dh_tag"
      ],
      "optional": []
    },
    "100000004": {
      "record": "required",
      "required": [
        "dh_tag"
      ],
      "optional": []
    },
    "100000005": {
      "record": "required",
      "required": [
        "dh_tag",
        "dh_score"
      ],
      "optional": []
    },
    "100000006": {
      "record": "required",
      "required": [
        "dh_tag",
        "dh_score"
      ],
      "optional": []
    },
    "100000007": {
      "record": "required",
      "required": [
        "dh_tag",
        "dh_score"
      ],
      "optional": []
    },
    "100000008": {
      "record": "required",
      "required": [
        "dh_spotlerautomationid"
      ],
      "optional": [
        "dh_automationfields"
      ]
    },
    "100000009": {
      "record": "optional",
      "required": [],
      "optional": [
        "dh_spotlerautomationid",
        "dh_automationcontactid"
      ]
    },
    "100000010": {
      "record": "none",
      "required": [],
      "optional": []
    },
    "100000011": {
      "record": "required",
      "required": [
        "dh_audience"
      ],
      "optional": []
    },
    "100000012": {
      "record": "required",
      "required": [
        "dh_audience"
      ],
      "optional": []
    },
    "100000013": {
      "record": "required",
      "required": [
        "dh_fieldname",
        "dh_fieldvalue"
      ],
      "optional": []
    },
    "100000014": {
      "record": "required",
      "required": [
        "dh_fieldname"
      ],
      "optional": []
    },
    "100000015": {
      "record": "required",
      "required": [],
      "optional": []
    },
    "100000016": {
      "record": "none",
      "required": [],
      "optional": []
    },
    "100000017": {
      "record": "none",
      "required": [
        "dh_websitevisitorid"
      ],
      "optional": [
        "dh_promoteto"
      ]
    },
    "100000018": {
      "record": "none",
      "required": [],
      "optional": []
    },
    "100000019": {
      "record": "none",
      "required": [],
      "optional": []
    }
  },
  "dutch": 1043
};
