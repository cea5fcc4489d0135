// The buttons: Sync to Spotler makes a Spotler Job for a record, Retry sets a failed job back to Queued.
//
// A button on a form hands over the form, one above a list the references of the selected rows and the list.
Spotler.commands = (function () {
  "use strict";

  var known = Spotler.definitions;
  var job = known.job;
  var TEXTS = {
    unsaved: ["Save the record first.", "Sla het record eerst op."],
    ordered: ["A Spotler Job was created.", "Er is een Spotler-taak gemaakt."],
    orderedSeveral: ["Spotler Jobs that were created: ", "Gemaakte Spotler-taken: "],
    notFailed: ["Only a failed job can be retried.", "Alleen een mislukte taak kan opnieuw."],
    queuedSeveral: ["Jobs that were set back to Queued: ", "In de wachtrij teruggezette taken: "],
    refused: ["It was refused: ", "Het is geweigerd: "]
  };

  function text(name) {
    var isDutch = Xrm.Utility.getGlobalContext().userSettings.languageId === known.dutch;
    return TEXTS[name][isDutch ? 1 : 0];
  }

  function say(message) {
    return Xrm.Navigation.openAlertDialog({ text: message });
  }

  function sayRefused(error) {
    return say(text("refused") + (error && error.message ? error.message : ""));
  }

  function plainId(id) {
    return id.replace(/[{}]/g, "").toLowerCase();
  }

  function order(table, id) {
    var record = known.records[table];
    var row = {};
    row[job.operation] = record.operation;
    row[record.navigation + "@odata.bind"] = "/" + record.set + "(" + plainId(id) + ")";
    return Xrm.WebApi.createRecord(job.table, row);
  }

  function queue(id) {
    var row = {};
    row[job.state] = job.queuedState;
    row[job.status] = job.queued;
    return Xrm.WebApi.updateRecord(job.table, plainId(id), row);
  }

  // One after another, so that a long selection does not run into the limits of the platform.
  function each(references, work) {
    var done = 0;
    return references
      .reduce(function (before, reference) {
        return before.then(function () {
          return work(reference).then(function (counts) {
            done += counts === false ? 0 : 1;
          });
        });
      }, Promise.resolve())
      .then(function () {
        return done;
      });
  }

  function sync(form) {
    var id = form.data.entity.getId();
    if (!id || form.data.entity.getIsDirty()) {
      return say(text("unsaved"));
    }
    return order(form.data.entity.getEntityName(), id).then(function () {
      return say(text("ordered"));
    }, sayRefused);
  }

  function syncSelected(references) {
    return each(references, function (reference) {
      return order(reference.TypeName, reference.Id);
    }).then(function (done) {
      return say(text("orderedSeveral") + done);
    }, sayRefused);
  }

  function retry(form) {
    if (form.getAttribute(job.status).getValue() !== job.failed) {
      return say(text("notFailed"));
    }
    return queue(form.data.entity.getId()).then(function () {
      return form.data.refresh(false);
    }, sayRefused);
  }

  // A list shows whatever columns its view has, so the status is read.
  function retrySelected(references, grid) {
    return each(references, function (reference) {
      var id = plainId(reference.Id);
      return Xrm.WebApi.retrieveRecord(job.table, id, "?$select=" + job.status).then(function (row) {
        return row[job.status] === job.failed ? queue(id) : false;
      });
    }).then(function (done) {
      if (grid && grid.refresh) {
        grid.refresh();
      }
      return say(text("queuedSeveral") + done);
    }, sayRefused);
  }

  return { sync: sync, syncSelected: syncSelected, retry: retry, retrySelected: retrySelected };
})();
