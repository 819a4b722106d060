"""The console (联络员工作台): pages for officers, served beside the API and asking nothing but the API."""
