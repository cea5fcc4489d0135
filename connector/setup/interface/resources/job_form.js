// The form of a Spotler Job: it shows the columns of the chosen operation, and fills in the fields of the automation.
//
// A job is carried out as soon as it is saved, so what is required is asked for before that. The names of columns come
// from Spotler.definitions. Controls that are not on the form are passed over: an environment without Marketing Lists
// has no column for them.
Spotler.jobForm = (function () {
  "use strict";

  var known = Spotler.definitions;
  var job = known.job;
  var CREATE = 1;

  function valueOf(form, column) {
    var attribute = form.getAttribute(column);
    return attribute ? attribute.getValue() : null;
  }

  function isEmpty(value) {
    return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
  }

  function operationOf(form) {
    return known.operations[String(valueOf(form, job.operation))] || null;
  }

  // Every column that some operation has, and those of the record.
  function allColumns() {
    var names = [job.customer, job.lead];
    Object.keys(known.operations).forEach(function (key) {
      names = names.concat(known.operations[key].required, known.operations[key].optional);
    });
    return names.filter(function (name, place) {
      return names.indexOf(name) === place;
    });
  }

  function shownColumns(operation) {
    if (!operation) {
      return [];
    }
    var record = operation.record === "none" ? [] : [job.customer, job.lead];
    return record.concat(operation.required, operation.optional);
  }

  // Of a record that is needed, either the customer or the lead is given: never both.
  function isRequired(form, operation, column) {
    if (!operation) {
      return false;
    }
    if (column === job.customer || column === job.lead) {
      var other = column === job.customer ? job.lead : job.customer;
      return operation.record === "required" && isEmpty(valueOf(form, other));
    }
    return operation.required.indexOf(column) >= 0;
  }

  function show(form) {
    var operation = operationOf(form);
    var shown = shownColumns(operation);
    var isNew = form.ui.getFormType() === CREATE;
    allColumns().forEach(function (column) {
      var control = form.getControl(column);
      var attribute = form.getAttribute(column);
      if (!control || !attribute) {
        return;
      }
      var belongs = shown.indexOf(column) >= 0;
      // On a job that was saved, what has a value stays visible.
      control.setVisible(belongs || (!isNew && !isEmpty(attribute.getValue())));
      attribute.setRequiredLevel(belongs && isRequired(form, operation, column) ? "required" : "none");
    });
  }

  // What was typed for another operation would make the job not valid without anybody seeing why.
  function clearHidden(form) {
    if (form.ui.getFormType() !== CREATE) {
      return;
    }
    var shown = shownColumns(operationOf(form));
    allColumns().forEach(function (column) {
      var attribute = form.getAttribute(column);
      if (attribute && shown.indexOf(column) < 0 && !isEmpty(attribute.getValue())) {
        attribute.setValue(null);
      }
    });
  }

  // The text that was filled in last; it gives way to that of another automation, what a person typed does not.
  var filledIn = "";

  function fillIn(form) {
    var chosen = valueOf(form, job.automation);
    var attribute = form.getAttribute(job.automationFields);
    var operation = operationOf(form);
    var takesFields = operation && operation.optional.indexOf(job.automationFields) >= 0;
    if (!attribute || isEmpty(chosen) || !takesFields) {
      return Promise.resolve();
    }
    var id = chosen[0].id.replace(/[{}]/g, "");
    return Xrm.WebApi.retrieveRecord(known.automation.table, id, "?$select=" + known.automation.fields).then(
      function (row) {
        var now = valueOf(form, job.automation);
        var text = attribute.getValue();
        var isStillChosen = !isEmpty(now) && now[0].id === chosen[0].id;
        if (!isStillChosen || (!isEmpty(text) && text !== filledIn)) {
          return;
        }
        filledIn = row[known.automation.fields] || "";
        attribute.setValue(filledIn || null);
      },
      function () {
        // Without the fields a person can type them: the job is checked when it is carried out.
      }
    );
  }

  function onLoad(context) {
    show(context.getFormContext());
  }

  function onOperationChange(context) {
    var form = context.getFormContext();
    clearHidden(form);
    show(form);
    return fillIn(form);
  }

  function onRecordChange(context) {
    show(context.getFormContext());
  }

  function onAutomationChange(context) {
    return fillIn(context.getFormContext());
  }

  return {
    onLoad: onLoad,
    onOperationChange: onOperationChange,
    onRecordChange: onRecordChange,
    onAutomationChange: onAutomationChange
  };
})();
